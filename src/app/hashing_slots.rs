//! Threads that hash passwords, as many as may hash at once, and the bounded queue in front of them.
//!
//! A slot is tied to the work, not to the request: a client that disconnects does not free its slot early, so no number
//! of clients makes more than the slots' memory live at once.

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
/// How much nicer than the rest of the process hashing is: a session check gets a core at once, yet another program that
/// takes all it can get does not starve log-ins.
const NICER: i32 = 10;

/// The memory that Argon2 works in. Reusing it spares the page faults of a fresh allocation, and huge pages spare most
/// look-ups of addresses.
pub type Memory = Vec<Block, HugeAlloc>;

#[derive(Debug)]
pub struct HashingSlots {
    shared: Arc<Shared>,
}

struct Job {
    work: Box<dyn FnOnce(&mut Memory) + Send>,
    deadline: Instant,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// How long a job takes, as the latest ones have shown.
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

    /// Runs `work` on a slot and waits for what it returns.
    ///
    /// # Errors
    /// [`Unavailable`] at once when the queue is full, or when no slot came free before the deadline.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |memory: &mut Memory| {
            // The receiver is only gone when the whole service is going.
            drop(answer.send(work(memory)));
        });
        self.shared.push(Job {
            work,
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
        let ahead = u32::try_from(queue.jobs.len()).unwrap_or(u32::MAX) / self.slots;
        if queue.usual.saturating_mul(ahead) >= DEADLINE {
            return Err(Unavailable::new("the hashing slots are too busy to meet the deadline"));
        }
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
            let began = Instant::now();
            // A job that is dropped unanswered tells its waiter so.
            if began >= job.deadline {
                continue;
            }
            if catch_unwind(AssertUnwindSafe(|| (job.work)(&mut memory))).is_err() {
                tracing::error!("a hashing job panicked; the slot goes on with fresh memory");
                memory = Memory::new_in(HugeAlloc);
            }
            let mut queue = self.lock();
            queue.usual = (queue.usual * 7 + began.elapsed()) / 8;
        }
    }

    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
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

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_beyond_the_queue_is_refused_at_once_and_admitted_work_finishes() {
        let slots = Arc::new(HashingSlots::start(1, 1).unwrap());
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let (running, started) = oneshot::channel();
        let busy = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move {
                slots
                    .run(move |_| {
                        running.send(()).unwrap();
                        gate.recv().unwrap();
                    })
                    .await
            }
        });
        started.await.unwrap();
        let waiting = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.run(|_| 7).await }
        });
        while slots.shared.lock().jobs.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(slots.run(|_| 8).await.is_err());
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), 7);
    }

    #[tokio::test]
    async fn what_can_not_meet_the_deadline_is_refused_at_once() {
        let slots = HashingSlots::start(2, 100).unwrap();
        slots.shared.lock().usual = DEADLINE / 2;
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let mut admitted = Vec::new();
        // Two run and four wait, two rounds for each slot; the next would wait for the whole deadline.
        for expected in 0..6 {
            let gate = Arc::clone(&gate);
            let (answer, answered) = oneshot::channel();
            let work = Box::new(move |_: &mut Memory| {
                gate.lock().unwrap().recv().unwrap();
                answer.send(()).unwrap();
            });
            slots
                .shared
                .push(Job {
                    work,
                    deadline: Instant::now() + DEADLINE,
                })
                .unwrap();
            admitted.push(answered);
            // The first two are taken from the queue before the others are counted.
            while expected < 2 && !slots.shared.lock().jobs.is_empty() {
                tokio::task::yield_now().await;
            }
        }
        assert!(slots.run(|_| ()).await.is_err());
        for _ in &admitted {
            release.send(()).unwrap();
        }
        for answered in admitted {
            answered.await.unwrap();
        }
    }

    #[test]
    fn a_slot_gives_its_memory_back_once_it_is_idle_and_not_before() {
        let slots = HashingSlots::start(0, 1).unwrap();
        let shared = &slots.shared;
        let mut memory = Memory::new_in(HugeAlloc);
        memory.resize_with(4096, Block::new);
        let job = Job {
            work: Box::new(|_| ()),
            deadline: Instant::now(),
        };
        shared.lock().jobs.push_back(job);
        assert!(shared.next(&mut memory).is_some());
        assert_eq!(memory.len(), 4096);
        // A condition variable may wake for no reason.
        while memory.capacity() > 0 {
            drop(shared.wait(shared.lock(), &mut memory, Duration::from_millis(1)));
        }
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_job_only() {
        let slots = HashingSlots::start(1, 4).unwrap();
        assert!(slots.run(|_| panic!("injected")).await.is_err());
        assert_eq!(slots.run(|_| 1).await.unwrap(), 1);
    }
}
