"""Everything that is peculiar to Azure."""
