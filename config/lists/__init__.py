"""The lists that operators go to, by what they are about; ``config/navigation.py`` puts them in order."""
