class Figures:
    def __init__(self, **k): self.k=k
def tables(f): return {"raw": __import__("json").dumps(f.k, indent=1)}
def summary(f): return {}
