"""Records exchanges with Azure, masks them, and replays them."""
