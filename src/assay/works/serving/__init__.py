"""Models in production: which packages may answer, how a change is rolled out, who is supervised, what is counted."""
