"""The people's directory of Aldersound, a made-up harbour town that Tallygate protects."""
