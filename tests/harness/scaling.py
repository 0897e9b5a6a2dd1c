"""What two cores cannot show: a daemon of 64 workers on 64 cores, by arithmetic.

Pure functions of measured costs and of a seed; scaling.py feeds and prints them.  Times are in
microseconds here.
"""
import heapq


def poisson(rng, rate, seconds):
    """Times of events at so many a second."""
    times, at = [], 0.0
    while True:
        at += rng.expovariate(rate) * 1e6
        if at >= seconds * 1e6:
            return times
        times.append(at)


def dealt(rng, things, places):
    """How many of them are in each place, as a hash deals them."""
    count = [0] * places
    for _ in range(things):
        count[rng.randrange(places)] += 1
    return count


def percentile(values, of):
    """The least that so large a part of them is not above."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * of // 1) - 1)]


class Watcher:
    """A worker with observers: woken, it looks what changed and tells all of them the newest
    state.  What changes meanwhile is one more look, however many changes there were."""

    def __init__(self, observers, cost):
        self.wakes_up = cost["wake"]
        self.job = cost["woken"] + cost["render"] + observers * cost["notify"]
        self.free, self.waiting, self.states, self.busy = 0.0, [], 0, 0.0
        self.told = {}              # change: when its state, or a newer one, was told to all

    def _begin(self, at, changes):
        self.free = at + self.job
        self.states += 1
        self.busy += self.job
        for change in changes:
            self.told[change] = self.free

    def catch_up(self, now):
        if self.waiting and self.free <= now:
            changes, self.waiting = self.waiting, []
            self._begin(self.free, changes)

    def wake(self, now, change):
        """Whether it slept."""
        self.catch_up(now)
        if self.free > now or self.waiting:
            self.waiting.append(change)
            return False
        self._begin(now + self.wakes_up, [change])
        return True


def fan_out(changes, observers, cost):
    """Changes of one resource at these times; so many observers in each worker.  Who changes it
    counts a word up and writes to the descriptor of each worker that observes anything, one after
    the other."""
    workers = [Watcher(n, cost) for n in observers if n]
    idle = len(observers) - len(workers)
    spent = 0.0
    for number, at in enumerate(changes):
        now = at + cost["tell"] + idle * cost["pass_over"]
        for w in workers:
            now += cost["wake"] if w.wake(now, number) else cost["write"]
        spent += now - at
    for w in workers:
        w.catch_up(float("inf"))
    end = max([w.free for w in workers] + list(changes[-1:]))
    delay = [max((w.told[i] for w in workers), default=at) - at for i, at in enumerate(changes)]
    return {"teller": spent / len(changes),
            "delay": delay,
            "states": sum(w.states for w in workers) / len(changes),
            "busy": [w.busy / end for w in workers]}


def one_of_many(listening, cost):
    """One of many resources changes, which one client observes, and so many workers are woken for it:
    what it takes the teller, and all workers together."""
    teller = cost["tell"] + listening * cost["wake"]
    return teller, teller + listening * cost["woken"] + cost["render"] + cost["notify"]


def needless(observed, words):
    """Representations made of what did not change, for each change: names that share a word."""
    return (observed - 1) / words


def lapped(records, silence):
    """Changes a second that run over a log of so many records while a reader is silent."""
    return records / (silence / 1e6)


def processors(cores, fork, boots):
    """One process forks others, one after the other, each of which then has so much to do; cores
    are shared evenly.  When each of them is done."""
    running, now, next_fork, forked = [], 0.0, fork, 0
    done = [0.0] * len(boots)
    while running or forked < len(boots):
        forking = forked < len(boots)
        speed = min(1.0, cores / (len(running) + forking))
        step = min(([next_fork] if forking else []) + ([running[0][0]] if running else []))
        now += step / speed
        running = [(left - step, i) for left, i in running]
        next_fork -= step
        if forking and next_fork <= 1e-9:
            heapq.heappush(running, (boots[forked], forked))
            forked += 1
            next_fork = fork
        while running and running[0][0] <= 1e-9:
            done[heapq.heappop(running)[1]] = now
    return done


def boots(rng, cost, workers, peers, private_bytes):
    """What each worker has to do until it serves: itself, its tables, those it knows."""
    return [cost["boot"] + cost["boot_kib"] * private_bytes / 1024 + cost["adopt"] * n
            for n in dealt(rng, peers, workers)]
