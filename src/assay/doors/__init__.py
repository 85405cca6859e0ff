"""How people and programs come in. Doors hold no rules."""
