"""The servers under measurement; ``contract.py`` says what the runner needs to know of each."""
