"""The measured promises: scmhub beside its peers on one machine, equal answers first, then ratios."""
