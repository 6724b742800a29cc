"""What scripts/check-runbooks is made of."""
