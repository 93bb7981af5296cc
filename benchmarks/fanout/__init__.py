"""Fan-out: one change to many subscribers, the hub beside stock Strawberry subscriptions, in the same run."""
