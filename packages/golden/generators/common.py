import json, math, torch, os
torch.set_num_threads(1); torch.set_default_dtype(torch.float64)
HERE=os.path.dirname(os.path.abspath(__file__))
OUT=os.environ.get("GOLDEN_OUT",os.path.join(HERE,"..","fixtures"))
SEED=int(os.environ.get("GOLDEN_SEED","0"))
def num(v):
    if isinstance(v,bool): return v
    if isinstance(v,float):
        if math.isnan(v): return "NaN"
        if math.isinf(v): return "Infinity" if v>0 else "-Infinity"
    return v
def ten(t):
    t=t.detach().contiguous()
    d={"shape":list(t.shape),"data":[num(x) for x in t.reshape(-1).tolist()]}
    if t.dtype==torch.int64: d["dtype"]="int64"
    elif t.dtype==torch.bool: d["dtype"]="bool"
    return d
def flat(t): return [num(x) for x in t.detach().reshape(-1).tolist()]
class LCG:
    """Deterministic values, independent of torch's RNG; rounded to 4 decimals so that the JSON text is the exact double."""
    def __init__(s,seed): s.s=seed+SEED
    def u(s):
        s.s=(s.s*6364136223846793005+1442695040888963407)&((1<<64)-1)
        return (s.s>>11)/(1<<53)
    def n(s):
        a=max(s.u(),1e-12); b=s.u(); return math.sqrt(-2*math.log(a))*math.cos(2*math.pi*b)
    def normal(s,*sh,scale=1.0,shift=0.0):
        k=math.prod(sh); return torch.tensor([round(s.n()*scale+shift,4) for _ in range(k)],dtype=torch.float64).reshape(sh)
    def uniform(s,lo,hi,*sh):
        k=math.prod(sh); return torch.tensor([round(lo+(hi-lo)*s.u(),4) for _ in range(k)],dtype=torch.float64).reshape(sh)
    def ints(s,n,*sh):
        k=math.prod(sh); return torch.tensor([int(s.u()*n) for _ in range(k)],dtype=torch.int64).reshape(sh)
def dump(name,obj):
    obj={"torch":torch.__version__,"torch_package":"Debian python3-torch 1.13.1+dfsg-4 (its torch.__version__ reads 1.13.0a0)","threads":1,"dtype":"float64",**obj}
    p=os.path.join(OUT,name)
    with open(p,"w") as f: json.dump(obj,f,separators=(",",":"))
    print(name,os.path.getsize(p)//1024,"KB")
