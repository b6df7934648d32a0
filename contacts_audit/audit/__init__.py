"""The audit: which subscriptions, which checks, what they find, and how reports compare."""
