"""Azure Resource Manager: the protocol, the client, retries and throttling."""
