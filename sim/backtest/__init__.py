"""How well the model, fitted to the past alone, foretells what came after."""
