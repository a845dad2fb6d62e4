"""Edits: a rule's intents as changes of text, and those carried out."""
