"""The site: every document in one list of pages, every name of the front door, every figure; `.ci/docs` builds it."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import sim

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def website() -> ModuleType:
    spec = importlib.util.spec_from_file_location("website", ROOT / "docs" / "website.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source(website: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site").resolve()
    website.write(folder)
    return folder


def test_every_document_is_listed_once(source: Path) -> None:
    lists = re.findall(r"(?s)```\{toctree\}\n(.*?)```", (source / "index.md").read_text("utf-8"))
    lines = [line for one in lists for line in one.splitlines() if line and not line.startswith(":")]
    listed = [line.partition("<")[2].strip(">") or line for line in lines]
    ours = {f.relative_to(ROOT).with_suffix("").as_posix() for f in (ROOT / "docs").rglob("*.md")}
    assert len(listed) == len(set(listed))
    assert {name for name in ours if not name.endswith("/answer")} | {"README", "api", "gallery"} <= set(listed)
    assert all((source / f"{name}.md").exists() for name in listed)


def test_every_name_of_the_front_door_has_its_place(source: Path) -> None:
    text = (source / "api.md").read_text("utf-8")
    assert sorted(re.findall(r"\.\. auto(?:function|class):: sim\.(\w+)", text)) == sorted(sim.__all__)


def test_every_figure_of_a_page_is_in_the_gallery(source: Path, website: ModuleType) -> None:
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (source / "gallery.md").read_text("utf-8"))
    assert len(images) == len(set(images)) > 10
    assert all((source / image).exists() for image in images)
    assert {f"docs/tutorial/images/{f.name}" for f in (ROOT / "docs/tutorial/images").iterdir()} <= set(images)


def test_a_second_title_is_put_below_the_first(website: ModuleType) -> None:
    page = "# A\n## b\n```sh\n# no title\n```\n# C\n## d\n```sh\n# nor this\n```\n"
    lower = "# A\n## b\n```sh\n# no title\n```\n## C\n### d\n```sh\n# nor this\n```\n"
    assert website.one_title(page) == lower
    assert website.one_title("# A\n## b\n") == "# A\n## b\n"
