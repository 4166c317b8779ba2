"""`plaudit/Sentiment-v0`: carry on an English opening so that the continuation is positive."""
