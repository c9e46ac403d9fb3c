"""The ten dimensions of an emotion word: Plutchik's eight emotions and two sentiments.

Source: R. Plutchik, "A general psychoevolutionary theory of emotion" (1980); the order is the one
of the NRC Emotion Lexicon (Mohammad and Turney 2013) as EXPRESS uses it.
"""

EMOTIONS = ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")
SENTIMENTS = ("positive", "negative")
DIMENSIONS = EMOTIONS + SENTIMENTS
