"""Read an error message, or a symptom in words, and say what may be behind it.

The causes, the messages and their remedies are the data of the error index, in
data/errors. Nothing here needs torch.
"""

from helpers.inspection.messages.explain import explain as explain
