"""The command line. Parses, connects the parts, prints and exits. Knows no Azure and no check."""
