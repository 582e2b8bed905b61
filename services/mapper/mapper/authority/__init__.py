"""Authority: who wins where several sources, and hands, say something of one field."""
