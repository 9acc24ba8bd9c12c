"""Every input and coefficient of the model, declared once.

The schema of scenario files, the defaults written to ``resolved.json``, `cohesion explain` and the
tables of ``docs/model.md`` are all made from what stands here. Symbols are those of docs/model.md.
"""

from dataclasses import dataclass
from typing import Literal

Status = Literal["outside", "frozen", "active"]
OUTSIDE, FROZEN, ACTIVE = 0, 1, 2
STATUSES: tuple[Status, ...] = ("outside", "frozen", "active")

RUNGS = ("loyal", "absent", "critical", "frozen", "outside")
THREATS = ("interstate", "separatist", "insurgency", "regime")


@dataclass(frozen=True)
class Input:
    """A path over time that a scenario codes; every channel lies in [0, 1]."""

    name: str
    symbol: str
    meaning: str
    channels: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    default: float = 0.0


MEMBER_INPUTS = (
    Input(
        "dependence",
        "d_ic",
        "reliance on the leader",
        ("trade", "arms", "energy", "remittances", "basing", "regime_support"),
        (0.20, 0.20, 0.15, 0.15, 0.15, 0.15),
    ),
    Input("threat", "T_ik", "security threat from others than the leader", THREATS),
    Input(
        "western_ties",
        "W_i",
        "what a quarrel with the West would cost",
        ("trade", "investment", "security", "diplomatic"),
        (0.30, 0.30, 0.15, 0.25),
    ),
    Input(
        "other_ties",
        "C_i",
        "economic alternatives to the leader that bring no guarantee",
        ("china", "regional"),
        (0.60, 0.40),
    ),
    Input(
        "security_offer",
        "O_i",
        "a credible guarantee from outside the alliance",
        ("west", "china", "regional"),
        (1.0, 1.0, 1.0),
    ),
    Input("target_ties", "Z_i", "ties with the state the leader fights"),
    Input("affinity", "A_i", "likeness of regimes and elites with the leader's"),
    Input("partiality", "P_i", "how far the leader backs or arms the member's adversary"),
    Input("autonomy", "M_i", "preference for an own course; regional ambition"),
    Input(
        "opinion", "o_i", "mean public support for the leader's course, to which opinion returns",
        default=0.5,
    ),
)  # fmt: skip

LEADER_INPUTS = (
    Input("confrontation", "K", "conflict of the leader with the West"),
    Input("war", "W_L", "burden of the leader's own war"),
    Input("capacity", "V_0", "capacity to protect allies in peace", default=0.8),
    Input("hierarchy", "H", "leader's share of top posts and of the pact's capability"),
    Input("coercion", "X", "ability and will to punish"),
    Input(
        "reliability", "R",
        "chance that a call for help is answered, before kind, dependence and affinity count",
        default=0.2,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Coefficient:
    """A behavioural coefficient with its prior: normal cut off at its bounds, or lognormal.

    ``centre`` is the mode of the normal or the median of the lognormal, ``spread`` the standard
    deviation of the value or of its logarithm. A spread of 0 fixes the coefficient.
    """

    name: str
    symbol: str
    phase: str
    meaning: str
    unit: str
    centre: float
    spread: float
    low: float
    high: float
    source: str
    family: Literal["normal", "lognormal"] = "normal"


BASE_RATES = (
    "base rates computed from ATOP v4.01, 1815-2016 (Leeds et al. 2002, 10.1080/03050620213653)"
)
TRIAL = "judgement, so that the history scenario gives a sensible account"
FIXED = "modelling choice"

INF = float("inf")


_c = Coefficient
COEFFICIENTS: tuple[Coefficient, ...] = (
    # 1. crises and the leader's answer
    _c("crisis_interstate", "lambda_1", "crises", "interstate crises at a threat of 1", "1/year",
       0.30, 0.30, 0, INF, "P094, P229: requests for help in the record of 1992-2023", "lognormal"),
    _c("crisis_separatist", "lambda_2", "crises", "separatist crises at a threat of 1", "1/year",
       0.15, 0.30, 0, INF, "P159, P191: separatism as a latent threat", "lognormal"),
    _c("crisis_insurgency", "lambda_3", "crises", "insurgent crises at a threat of 1", "1/year",
       0.20, 0.30, 0, INF, "P022, P100: Tajikistan 1992-97 and 2010-12", "lognormal"),
    _c("crisis_regime", "lambda_4", "crises", "regime crises at a threat of 1", "1/year",
       0.15, 0.30, 0, INF, "P075, P101: unrest in Kyrgyzstan and Kazakhstan", "lognormal"),
    _c("crisis_dispute", "lambda_pair", "crises", "clashes of a pair at a dispute of 1", "1/year",
       0.40, 0.30, 0, INF, "P229-P232: three or four clashes between members in 31 years", "lognormal"),
    _c("help_interstate", "g_1", "crises", "log-odds of help, interstate crisis", "log-odds",
       -1.0, 0.4, -INF, INF, "P093: Armenia refused 2021-22"),
    _c("help_separatist", "g_2", "crises", "log-odds of help, separatist crisis", "log-odds",
       -1.0, 0.4, -INF, INF, "P099, P109"),
    _c("help_insurgency", "g_3", "crises", "log-odds of help, insurgency", "log-odds",
       -0.5, 0.4, -INF, INF, "P099, P100: no collective action in Tajikistan"),
    _c("help_regime", "g_4", "crises", "log-odds of help, regime in trouble", "log-odds",
       0.5, 0.4, -INF, INF, "P075, P076: Kazakhstan 2022, the only operation"),
    _c("help_dependence", "g_D", "crises", "help for dependent members", "log-odds",
       1.0, 0.4, 0, INF, "P194, P195"),
    _c("help_affinity", "g_A", "crises", "help for like regimes", "log-odds",
       1.0, 0.4, 0, INF, "P213, P214"),
    _c("help_partiality", "g_P", "crises", "refusal where the leader backs the adversary", "log-odds",
       2.0, 0.5, 0, INF, "P089, P091, P093"),
    _c("help_clash", "g_pair", "crises", "refusal in a clash inside the pact", "log-odds",
       3.0, 0.5, 0, INF, "P102, P112: never between members"),
    _c("help_weakness", "g_V", "crises", "refusal for lack of capacity", "log-odds",
       1.5, 0.5, 0, INF, "P235, P241"),
    # 2. credibility
    _c("prior_reliability", "r_0", "credibility", "reliability expected without experience", "1",
       0.2, 0.05, 0.02, 0.98, f"{BASE_RATES}: 4 of 21 guarantees honoured"),
    _c("prior_weight", "n_0", "credibility", "crises that the prior counts for", "crises",
       4.0, 0.3, 0.1, INF, TRIAL, "lognormal"),
    _c("memory", "mu", "credibility", "years after which an experience counts 1/e", "years",
       8.0, 0.25, 0.1, INF, "P037, P087: grievances of 1999 and 2016 last for years", "lognormal"),
    _c("watching", "omega", "credibility", "weight of others' crises against one's own", "1",
       0.25, 0.1, 0, 1, "P049, P122: a broken promise damages credibility for others"),
    # 3. stance
    _c("baseline", "b_0", "stance", "stance of a member with all inputs at zero", "stance",
       -1.2, 0.15, -INF, INF, TRIAL),
    _c("dependence", "b_D", "stance", "pull of dependence", "stance",
       3.3, 0.3, 0, INF, "P105, P184, P251"),
    _c("protection", "b_S", "stance", "value of a credible guarantee against threats", "stance",
       1.8, 0.4, 0, INF, "P020, P210"),
    _c("salience_interstate", "s_1", "stance", "weight of interstate threat in protection", "1",
       1.0, 0.0, 0, INF, FIXED),
    _c("salience_separatist", "s_2", "stance", "weight of separatist threat in protection", "1",
       0.5, 0.0, 0, INF, FIXED),
    _c("salience_insurgency", "s_3", "stance", "weight of insurgent threat in protection", "1",
       0.7, 0.0, 0, INF, FIXED),
    _c("salience_regime", "s_4", "stance", "weight of regime threat in protection", "1",
       0.7, 0.0, 0, INF, FIXED),
    _c("affinity", "b_A", "stance", "pull of likeness", "stance",
       1.9, 0.3, 0, INF, "P193, P208, P213"),
    _c("opinion", "b_o", "stance", "pull of public opinion (support less one half)", "stance",
       0.5, 0.2, 0, INF, "P163, P214: low weight in autocracies"),
    _c("western_ties", "b_W", "stance", "pull of Western ties", "stance",
       1, 0.25, 0, INF, "P142, P244"),
    _c("entrapment", "b_E", "stance", "cost of being drawn into the leader's conflict", "stance",
       1.3, 0.3, 0, INF, "P141, P170"),
    _c("hierarchy", "b_H", "stance", "resentment of hierarchy by the autonomous", "stance",
       1, 0.25, 0, INF, "P067, P039"),
    _c("partiality", "b_P", "stance", "resentment of the leader's partiality", "stance",
       1.1, 0.3, 0, INF, "P030, P038, P089"),
    _c("other_ties", "b_C", "stance", "pull of other partners", "stance",
       0.4, 0.2, 0, INF, "P118, P150, P197"),
    _c("security_offer", "b_O", "stance", "pull of an outside guarantee", "stance",
       1.5, 0.4, 0, INF, "P200, P253: absent in the record, so known from its absence only"),
    _c("peers", "b_peer", "stance", "pull of the other members' mean stance", "1",
       0.3, 0.2, 0, INF, "P049, P116"),
    _c("adjustment_time", "tau", "stance", "years in which a gap to the target shrinks to 1/e", "years",
       1.8, 0.2, 0.05, INF, "P249: gradual, uneven shifts", "lognormal"),
    _c("volatility", "sigma", "stance", "standard deviation of stance around its goal", "stance",
       0.28, 0.2, 0, INF, "P249, P250", "lognormal"),
    # 4. conduct
    _c("oppose_below", "c_1", "conduct", "stance at which opposing and not are even odds", "stance",
       -2.0, 0.3, -INF, INF, "P158, P171: opposition is rare, abstention usual"),
    _c("support_above", "c_2", "conduct", "stance at which supporting and not are even odds", "stance",
       1.4, 0.3, -INF, INF, "P154: four abstain, Belarus supports"),
    # 5. membership
    _c("exit_rate", "h_x", "membership", "exit hazard at stance 0 without any tie", "1/year",
       0.006, 0.4, 0, INF, f"{BASE_RATES}; 2.4 % a year in CST/CSTO", "lognormal"),
    _c("exit_stance", "k_x", "membership", "deterrence of exit by stance", "log-hazard",
       2, 0.3, 0, INF, TRIAL),
    _c("exit_dependence", "k_D", "membership", "deterrence of exit by coercion and dependence", "log-hazard",
       4, 0.4, 0, INF, "P184, P202, P252"),
    _c("exit_basing", "k_B", "membership", "deterrence of exit by the leader's bases", "log-hazard",
       1, 0.3, 0, INF, "P186"),
    _c("exit_offer", "k_O", "membership", "exit made easier by an outside guarantee", "log-hazard",
       2.0, 0.5, 0, INF, "P200, P253"),
    _c("renewal", "k_R", "membership", "exit made easier when membership must be renewed", "log-hazard",
       4.6, 0.4, 0, INF, "P028; M016-M018: lapses of April 1999 were non-renewals"),
    _c("contagion", "k_J", "membership", "log-hazard added by one recent exit", "log-hazard",
       0.9, 0.3, 0, INF, f"{BASE_RATES}: odds ratio 4.8 (1.5-16) within two years"),
    _c("contagion_memory", "tau_J", "membership", "years in which an exit's example fades to 1/e", "years",
       2.0, 0.0, 0.05, INF, BASE_RATES),
    _c("exit_partiality", "k_P", "membership", "exit driven by the leader's partiality", "log-hazard",
       1.2, 0.4, 0, INF, f"{BASE_RATES}: 1.38 against 0.16 % a year with a rivalry with the leader"),
    _c("exit_punishment", "k_U", "membership", "deterrence of exit by punishment", "log-hazard",
       0.5, 0.2, 0, INF, "P184, P202"),
    _c("freeze_rate", "h_f", "membership", "freeze hazard at stance 0 without any tie", "1/year",
       0.01, 0.4, 0, INF, "P044, P045: Uzbekistan's nominal membership; few cases", "lognormal"),
    _c("freeze_cost", "kappa", "membership", "cost of a freeze against the cost of an exit", "1",
       0.5, 0.15, 0, 1, "P044; a freeze breaks no treaty"),
    _c("resume_rate", "h_r", "membership", "hazard of resuming at stance 0 without any tie", "1/year",
       0.10, 0.5, 0, INF, "France 1966-2009 and Greece 1974-80 outside NATO's command", "lognormal"),
    _c("entry_rate", "h_e", "membership", "entry hazard at stance 0 without regime threat", "1/year",
       0.0015, 0.4, 0, INF, "P035, P055: invitations refused; M025 the only return", "lognormal"),
    _c("entry_stance", "k_ex", "membership", "entry driven by stance", "log-hazard",
       2.0, 0.4, 0, INF, "P035, P041"),
    _c("entry_regime_threat", "k_T", "membership", "entry driven by threat to the regime", "log-hazard",
       5.5, 0.5, 0, INF, "P041: Uzbekistan after Andijan"),
    _c("leader_exit_rate", "h_L", "membership", "hazard that the leader lets the alliance go", "1/year",
       0.005, 0.5, 0, INF, f"{BASE_RATES}: pacts dissolve at 1.36 % a year; P238 the leader values it", "lognormal"),
    # 6. feedback
    _c("overstretch", "kappa_V", "feedback", "share of capacity that a full war takes", "1",
       0.6, 0.15, 0, 1, "P235, P241"),
    _c("diversification", "nu", "feedback", "rate at which the alienated replace dependence", "1/year",
       0.08, 0.4, 0, INF, "P206: multi-vector policy", "lognormal"),
    _c("opinion_war", "d_W", "feedback", "fall of opinion when the leader's war goes from 0 to 1", "1",
       0.35, 0.08, 0, 1, "P164, P165: from 39 to 13 % support in Kazakhstan in 2022"),
    _c("opinion_promise", "d_y", "feedback", "opinion moved by one promise kept or broken", "1",
       0.08, 0.03, 0, 1, "P090, P224"),
    _c("opinion_memory", "tau_o", "feedback", "years in which opinion returns to its mean by 1/e", "years",
       4.0, 0.3, 0.05, INF, TRIAL, "lognormal"),
    _c("punishment", "rho", "feedback", "punishment a year per unit of coercion and negative stance", "1/year",
       0.25, 0.4, 0, INF, "P184, P202", "lognormal"),
    _c("punishment_memory", "tau_U", "feedback", "years in which punishment fades to 1/e", "years",
       3.0, 0.0, 0.05, INF, FIXED),
    _c("punishment_affinity", "a_U", "feedback", "affinity lost per unit of punishment", "1",
       0.15, 0.08, 0, 1, "P046, P086: relations soured by pressure"),
)  # fmt: skip

COEFFICIENT_NAMES = tuple(c.name for c in COEFFICIENTS)
