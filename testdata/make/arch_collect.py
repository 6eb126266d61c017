"""Builds models of every type with many configurations and keeps what was traced in `samples`, for architectures.py.

    python testdata/make/arch_collect.py WORKER WORKERS SECONDS [model types]
"""

import sys,time,traceback,pickle,gzip,os,random,copy,signal; sys.path.insert(0,os.path.dirname(os.path.abspath(__file__)))
import arch_trace as T, arch_learn as L
from transformers.models.auto import modeling_auto as ma
PRI="""qwen2_5_vl qwen3_vl qwen3_vl_moe qwen3_5 qwen3_5_moe qwen3_next gemma3n gemma4 llama4 mistral3 ministral3 mistral4 mllama llava llava_next llava_onevision internvl paligemma idefics3 smolvlm glm glm4_moe glm4v glm4v_moe deepseek_v32 deepseek_v4 kimi_linear kimi_k25 minimax minimax_m2 gpt_neo olmo3 olmoe granitemoe granitemoehybrid granitemoeshared nemotron nemotron_h lfm2 lfm2_moe lfm2_vl falcon_h1 falcon_mamba mamba mamba2 jamba bamba zamba2 phimoe phi4_multimodal exaone_moe ernie4_5_moe hunyuan_v1_dense hunyuan_v1_moe ernie apertus arcee bitnet xlm-roberta deberta-v2 modernbert electra albert mt5 umt5 longt5 t5gemma bart mbart pegasus qwen2_audio voxtral qwen3_5_text qwen3_5_moe_text gemma3n_text gemma4_text""".split()
alls=T.all_types()
inner=set()
for line in ():
    w=line.split(' ',4)
    if len(w)>3 and w[2].endswith('.') : inner.add(w[3])
extra=sorted((inner|set("clip_vision_model siglip_vision_model siglip2_vision_model pixtral dinov2 whisper qwen2_audio_encoder llama qwen2 qwen3 mistral mixtral gemma2 gemma3_text".split())) & set(ma.MODEL_MAPPING_NAMES) - set(alls))
order=PRI+[t for t in extra]+[t for t in alls if t not in PRI]
order=[t for t in dict.fromkeys(order)]
me,n=int(sys.argv[1]),int(sys.argv[2]); budget=float(sys.argv[3])
if len(sys.argv)>4: order=sys.argv[4:]
START=dict(nemotron=dict(num_key_value_heads=8),hunyuan_v1_dense=dict(head_dim=128),hunyuan_v1_moe=dict(head_dim=128),lfm2_moe=dict(layer_types=['conv','conv','full_attention','conv','conv'],num_hidden_layers=5))
class Late(Exception): pass
def alarm(*a): raise Late()
signal.signal(signal.SIGALRM, alarm)
os.makedirs('samples',exist_ok=True)
for t in order:
    out=f'samples/{t}.gz'
    if os.path.exists(out) : continue
    try: fd=os.open(out+'.lock',os.O_CREAT|os.O_EXCL)
    except FileExistsError: continue
    a=time.time(); rec=dict(type=t,classes=[],log=[])
    try:
        signal.alarm(240)
        cs=T.classes(t)
        rec['names']=[c.__name__ for c in cs]
        if not cs: print(t,'NOCLASS',flush=True); continue
        main=cs[0]
        samples,held=L.collect(main,budget,START.get(t,{}),rec['log'])
        rec['classes'].append((main.__name__,samples,held))
        if not samples: print(t,'UNBUILT',rec['log'],flush=True); continue
        body=ma.MODEL_MAPPING_NAMES.get(t); body=body if isinstance(body,str) else (body or [None])[0]
        for c in [c for c in cs[1:] if t in ma.MODEL_FOR_MASKED_LM_MAPPING_NAMES or c.__name__==body or t=='qwen3']:
            b=time.process_time(); got=[]
            random.seed(5)
            pick=[samples[0]]+random.sample(samples[1:],min(5,len(samples)-1))
            for s in pick:
                if time.process_time()-b>0.3: break
                try: got.append(L.Sample(c,s.full,T.build(c,s.full)))
                except Late: raise
                except Exception as e: rec['log'].append(f'{c.__name__}: {e!r}'[:200])
            rec['classes'].append((c.__name__,got,[]))
        signal.alarm(0)
        pickle.dump(rec,gzip.open(out,'wb',1))
        print(t,[(n,len(x),len(h)) for n,x,h in rec['classes']],f'{time.time()-a:.0f}s',flush=True)
    except BaseException as e:
        signal.alarm(0)
        print(t,'FAILED',repr(e)[:200],traceback.format_exc()[-300:].replace('\n',' | ') if not isinstance(e,Late) else '',flush=True)
        if isinstance(e,KeyboardInterrupt): raise
print('done')
