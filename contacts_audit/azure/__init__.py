"""All that is particular to Azure."""
