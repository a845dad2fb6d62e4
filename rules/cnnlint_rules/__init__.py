"""The built-in rules, one file a rule. Deleting the file deletes the rule."""
