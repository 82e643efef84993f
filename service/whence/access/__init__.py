"""Who may do what: API keys, and the gate that asks for them."""
