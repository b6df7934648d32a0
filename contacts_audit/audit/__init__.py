"""The audit: scope, checks, policy, and reports compared or merged."""
