"""Who calls: from the bytes of a credential to one immutable Viewer."""
