from pathlib import Path
def find_files(paths, resolver):
    out=[]
    for p in paths:
        out += sorted(p.rglob("*.py")) if p.is_dir() else [p]
    return out
