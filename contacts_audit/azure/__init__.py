"""Azure's side of the house: its oddities stay in here."""
