//! Threads that hash passwords, as many as may hash at once, and the bounded queue in front of them.
//!
//! A slot is tied to the work, not to the request: a client that disconnects does not free its slot early, so no number
//! of clients makes more than the slots' memory live at once.
//!
//! Jobs that take as long as several hashes of ours leave one slot to the others, if there is more than one.
//!
//! Why answers are held back: docs/decisions/0008-answers-go-out-together.md

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use allocator_api2::vec::Vec;
use argon2::Block;
use hugealloc::HugeAlloc;
use rustix::process::nice;
use tokio::sync::oneshot;

use crate::model::unavailable::Unavailable;
use crate::telemetry;

/// Longest time that work waits for a slot. What waits longer is given up, because its client has.
const DEADLINE: Duration = Duration::from_secs(5);
/// A slot that has been idle for this long gives its memory back.
const KEEP_MEMORY: Duration = Duration::from_secs(30);
/// While so many wait for each answer that is there, answers are held back to be given together. A request that goes on
/// pushes the hash out of the processor's caches and finds nothing there itself; several at once cost little more than
/// one.
const WAITING_FOR_EACH_HELD_BACK: usize = 4;
/// An answer waits for at most this many others.
const MOST_HELD_BACK: usize = 16;
/// How much nicer than the rest of the process hashing is: a session check gets a core at once, yet another program
/// that takes all it can get does not starve log-ins.
const NICER: i32 = 10;

/// The memory that Argon2 works in. Reusing it spares the page faults of a fresh allocation, and huge pages spare most
/// look-ups of addresses.
pub type Memory = Vec<Block, HugeAlloc>;

#[derive(Debug)]
pub struct HashingSlots {
    shared: Arc<Shared>,
}

/// Hands the result of a job to the request that waits for it.
type Answer = Box<dyn FnOnce() + Send>;

struct Job {
    work: Box<dyn FnOnce(&mut Memory) -> Answer + Send>,
    /// How many hashes of ours the job takes as long as.
    weight: u32,
    deadline: Instant,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    held_back: Vec<Answer>,
    /// The weight of all jobs that wait.
    weight: u32,
    /// Number of slots that work on a job which takes long.
    slow: u32,
    /// How long a hash of ours takes, as the latest jobs have shown.
    usual: Duration,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    slots: u32,
    capacity: usize,
}

impl HashingSlots {
    /// Starts `slots` threads with room for `capacity` jobs to wait.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(slots: usize, capacity: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            slots: u32::try_from(slots).unwrap_or(u32::MAX),
            capacity,
        });
        // Made first, so that a failure half-way ends the threads that already run.
        let started = Self {
            shared: Arc::clone(&shared),
        };
        for slot in 0..slots {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("hash-{slot}"))
                .spawn(move || shared.serve())?;
        }
        Ok(started)
    }

    /// Runs `work`, which takes as long as `weight` hashes of ours, on a slot and waits for what it returns.
    ///
    /// # Errors
    /// [`Unavailable`] at once when the queue is full, or when no slot came free before the deadline.
    pub async fn run<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |memory: &mut Memory| {
            let result = work(memory);
            // The receiver is only gone when the whole service is going.
            Box::new(move || drop(answer.send(result))) as Answer
        });
        self.shared.push(Job {
            work,
            weight: u32::try_from(weight.max(1)).unwrap_or(u32::MAX),
            deadline: Instant::now() + DEADLINE,
        })?;
        answered
            .await
            .map_err(|_| Unavailable::new("no hashing slot came free before the deadline"))
    }
}

impl Drop for HashingSlots {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// The queue stays consistent even if a thread panicked while holding it: each change to it is a single step.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), Unavailable> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.capacity {
            return Err(Unavailable::new("the queue for hashing slots is full"));
        }
        // Better refused at once than given up after a wait.
        let ahead = queue.ahead_of(&job, self.slots);
        if queue.usual.saturating_mul(ahead) >= DEADLINE {
            return Err(Unavailable::new("the hashing slots are too busy to meet the deadline"));
        }
        queue.weight = queue.weight.saturating_add(job.weight);
        queue.jobs.push_back(job);
        telemetry::hash_queue(queue.jobs.len());
        self.changed.notify_one();
        Ok(())
    }

    /// The life of one slot.
    fn serve(&self) {
        // On Linux this is about the calling thread alone.
        if let Err(error) = nice(NICER) {
            tracing::warn!(%error, "hashing runs at the priority of requests");
        }
        let mut memory = Memory::new_in(HugeAlloc);
        while let Some(job) = self.next(&mut memory) {
            let is_slow = job.is_slow();
            let answer = self.work_on(job, &mut memory);
            self.lock().slow -= u32::from(is_slow);
            let due = self.lock().due_with(answer);
            due.into_iter().for_each(|answer| answer());
        }
    }

    /// `None` for a job that is too late or panics. Dropped unanswered, it tells its waiter so.
    fn work_on(&self, job: Job, memory: &mut Memory) -> Option<Answer> {
        let (began, weight) = (Instant::now(), job.weight);
        if began >= job.deadline {
            return None;
        }
        let answer = catch_unwind(AssertUnwindSafe(|| (job.work)(memory)));
        let took = began.elapsed();
        let mut queue = self.lock();
        queue.usual = (queue.usual * 7 + took / weight) / 8;
        drop(queue);
        telemetry::hashed(weight == 1, took);
        answer
            .inspect_err(|_| {
                tracing::error!("a hashing job panicked; the slot goes on with fresh memory");
                *memory = Memory::new_in(HugeAlloc);
            })
            .ok()
    }

    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.take_next(self.slots) {
                telemetry::hash_queue(queue.jobs.len());
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self.wait(queue, memory, KEEP_MEMORY);
        }
    }

    /// Waits for a change to the queue, and gives the memory back when there is none for as long as `idle`.
    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>, memory: &mut Memory, idle: Duration) -> MutexGuard<'a, Queue> {
        let (woken, wait) = self
            .changed
            .wait_timeout(queue, idle)
            .unwrap_or_else(PoisonError::into_inner);
        if wait.timed_out() {
            *memory = Memory::new_in(HugeAlloc);
        }
        woken
    }
}

impl Job {
    fn is_slow(&self) -> bool {
        self.weight > 1
    }
}

impl Queue {
    /// The weight that each slot works on before `job`. With a slot to themselves, hashes of ours wait for each other
    /// at most.
    fn ahead_of(&self, job: &Job, slots: u32) -> u32 {
        let all = self.weight / slots;
        if job.is_slow() || slots == 1 {
            return all;
        }
        let ours = self.jobs.iter().filter(|other| !other.is_slow()).count();
        all.min(u32::try_from(ours).unwrap_or(u32::MAX))
    }

    /// The job that has waited for longest, and that may take one of the `slots`.
    fn take_next(&mut self, slots: u32) -> Option<Job> {
        let has_room = self.slow < slots.saturating_sub(1).max(1);
        let at = self.jobs.iter().position(|job| has_room || !job.is_slow())?;
        let job = self.jobs.remove(at)?;
        self.weight = self.weight.saturating_sub(job.weight);
        self.slow += u32::from(job.is_slow());
        Some(job)
    }

    /// What is to be told now that there is this `answer` too.
    fn due_with(&mut self, answer: Option<Answer>) -> Vec<Answer> {
        self.held_back.extend(answer);
        let most = (self.jobs.len() / WAITING_FOR_EACH_HELD_BACK).min(MOST_HELD_BACK);
        if self.held_back.len() > most {
            std::mem::take(&mut self.held_back)
        } else {
            Vec::new()
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
