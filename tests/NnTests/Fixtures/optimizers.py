# Prints the numbers of PyTorch that OptimizerParityTests and ScheduleTests hold as constants:
# weights after 20 steps on sum(c sin w) + w^2 / 2, and rates of its schedules. Needs torch 1.13 or
# later; float64.
import torch

torch.set_default_dtype(torch.float64)
C = torch.tensor([0.7, -1.3, 2.1, 0.2])
W = [0.9, -0.4, 1.7, -2.5]


def run(make):
    w = torch.tensor(W, requires_grad=True)
    rule = make([w])
    for _ in range(20):
        rule.zero_grad()
        ((C * w.sin()).sum() + (w ** 2).sum() / 2).backward()
        rule.step()
    return w.tolist()


o = torch.optim
for name, make in {
    'sgd': lambda p: o.SGD(p, 0.1, momentum=0.8, nesterov=True, weight_decay=0.1),
    'adam': lambda p: o.Adam(p, 0.05),
    'adam decay': lambda p: o.Adam(p, 0.05, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.3),
    'adamw': lambda p: o.AdamW(p, 0.05, weight_decay=0.3),
    'rmsprop': lambda p: o.RMSprop(p, 0.02, alpha=0.9),
    'rmsprop all': lambda p: o.RMSprop(p, 0.02, alpha=0.9, momentum=0.7, centered=True,
                                       weight_decay=0.1),
    'adagrad': lambda p: o.Adagrad(p, 0.3, initial_accumulator_value=0.1, weight_decay=0.2),
}.items():
    print(name, run(make))


def rates(make, steps):
    rule = o.SGD([torch.zeros(1, requires_grad=True)], 0.4)
    schedule, out = make(rule), []
    for _ in range(steps):
        out.append(rule.param_groups[0]['lr'])
        rule.step()
        schedule.step()
    return out


s = o.lr_scheduler
print('step', rates(lambda r: s.StepLR(r, 3, 0.1), 8))
print('milestones', rates(lambda r: s.MultiStepLR(r, [2, 5], 0.5), 8))
print('exponential', rates(lambda r: s.ExponentialLR(r, 0.9), 6))
print('cosine', rates(lambda r: s.CosineAnnealingLR(r, 5, 0.01), 6))
print('one cycle', rates(lambda r: s.OneCycleLR(r, 0.4, total_steps=10), 10))
