//! When requests are answered, when they are rejected, and what becomes of the memory.

use tokio::time::timeout;

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
                .run(1, move |_| {
                    running.send(()).unwrap();
                    gate.recv().unwrap();
                })
                .await
        }
    });
    started.await.unwrap();
    let waiting = tokio::spawn({
        let slots = Arc::clone(&slots);
        async move { slots.run(1, |_| 7).await }
    });
    while slots.shared.lock().jobs.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(slots.run(1, |_| 8).await.is_err());
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
            Box::new(move || answer.send(()).unwrap()) as Answer
        });
        slots
            .shared
            .push(Job {
                work,
                weight: 1,
                deadline: Instant::now() + DEADLINE,
            })
            .unwrap();
        admitted.push(answered);
        // The first two are taken from the queue before the others are counted.
        while expected < 2 && !slots.shared.lock().jobs.is_empty() {
            tokio::task::yield_now().await;
        }
    }
    assert!(slots.run(1, |_| ()).await.is_err());
    for _ in &admitted {
        release.send(()).unwrap();
    }
    for answered in admitted {
        answered.await.unwrap();
    }
}

/// One slot, and a job for each of `deadlines` in its queue before it takes the first. Each tells that it has begun,
/// waits for the gate and is answered with its number.
struct Line {
    slots: HashingSlots,
    answers: Vec<oneshot::Receiver<usize>>,
    begun: std::sync::mpsc::Receiver<usize>,
    gate: std::sync::mpsc::Sender<()>,
}

fn line(deadlines: &[Instant]) -> Line {
    let slots = HashingSlots::start(0, deadlines.len()).unwrap();
    let (begins, begun) = std::sync::mpsc::channel();
    let (gate, passes) = std::sync::mpsc::channel();
    let passes = Arc::new(Mutex::new(passes));
    let mut answers = Vec::new();
    for (number, deadline) in deadlines.iter().copied().enumerate() {
        let (answer, answered) = oneshot::channel();
        let (begins, passes) = (begins.clone(), Arc::clone(&passes));
        let work = Box::new(move |_: &mut Memory| {
            begins.send(number).unwrap();
            passes.lock().unwrap().recv().unwrap();
            Box::new(move || answer.send(number).unwrap()) as Answer
        });
        slots.shared.lock().jobs.push_back(Job {
            work,
            weight: 1,
            deadline,
        });
        answers.push(answered);
    }
    let shared = Arc::clone(&slots.shared);
    std::thread::spawn(move || shared.serve());
    Line {
        slots,
        answers,
        begun,
        gate,
    }
}

#[test]
fn answers_are_held_back_only_while_many_wait_for_each() {
    let most = WAITING_FOR_EACH_HELD_BACK;
    let later = Instant::now() + Duration::from_mins(1);
    // Behind the first wait just enough for one answer to be held back.
    let mut line = line(&vec![later; most + 1]);
    assert_eq!(line.begun.recv(), Ok(0));
    line.gate.send(()).unwrap();
    assert_eq!(line.begun.recv(), Ok(1));
    assert!(line.answers[0].try_recv().is_err(), "it was not held back");
    line.gate.send(()).unwrap();
    assert_eq!(line.begun.recv(), Ok(2));
    assert_eq!((line.answers[0].try_recv(), line.answers[1].try_recv()), (Ok(0), Ok(1)));
    // Now there are too few.
    for number in 2..=most {
        line.gate.send(()).unwrap();
        if number < most {
            assert_eq!(line.begun.recv(), Ok(number + 1));
            assert_eq!(line.answers[number].try_recv(), Ok(number));
        }
    }
    drop(line.slots);
}

#[test]
fn however_many_wait_few_answers_are_held_back() {
    let shared = HashingSlots::start(0, 1000).unwrap().shared.clone();
    let mut queue = shared.lock();
    for _ in 0..1000 {
        queue.jobs.push_back(Job {
            weight: 1,
            work: Box::new(|_| Box::new(|| ())),
            deadline: Instant::now(),
        });
    }
    for _ in 0..MOST_HELD_BACK {
        assert_eq!(queue.due_with(Some(Box::new(|| ()))).len(), 0);
    }
    assert_eq!(queue.due_with(Some(Box::new(|| ()))).len(), MOST_HELD_BACK + 1);
}

#[tokio::test]
async fn nobody_is_forgotten_when_those_who_waited_were_too_late() {
    let later = Instant::now() + Duration::from_mins(1);
    let mut deadlines = vec![Instant::now(); WAITING_FOR_EACH_HELD_BACK + 1];
    deadlines[0] = later;
    let line = line(&deadlines);
    line.gate.send(()).unwrap();
    let mut answers = line.answers.into_iter();
    let first = timeout(Duration::from_secs(5), answers.next().unwrap());
    assert_eq!(first.await.expect("it was forgotten"), Ok(0));
    for too_late in answers {
        assert!(too_late.await.is_err());
    }
    drop(line.slots);
}

#[test]
fn a_slot_gives_its_memory_back_once_it_is_idle_and_not_before() {
    let slots = HashingSlots::start(0, 1).unwrap();
    let shared = &slots.shared;
    let mut memory = Memory::new_in(HugeAlloc);
    memory.resize_with(4096, Block::new);
    let job = Job {
        weight: 1,
        work: Box::new(|_| Box::new(|| ())),
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
    assert!(slots.run(1, |_| panic!("injected")).await.is_err());
    assert_eq!(slots.run(1, |_| 1).await.unwrap(), 1);
}

#[test]
fn a_job_that_takes_long_counts_as_many_of_ours() {
    let shared = Shared {
        queue: Mutex::default(),
        changed: Condvar::new(),
        slots: 1,
        capacity: 100,
    };
    shared.lock().usual = DEADLINE / 10;
    let push = |weight| {
        let work = Box::new(|_: &mut Memory| Box::new(|| ()) as Answer);
        let deadline = Instant::now() + DEADLINE;
        shared.push(Job { work, weight, deadline })
    };
    push(9).unwrap();
    push(1).unwrap();
    assert!(push(1).is_err(), "ten of ours are ahead, which take the whole deadline");
    assert_eq!(shared.lock().weight, 10);
}

#[test]
fn jobs_that_take_long_leave_a_slot_to_the_others() {
    let job = |weight| Job {
        work: Box::new(|_: &mut Memory| Box::new(|| ()) as Answer),
        weight,
        deadline: Instant::now() + DEADLINE,
    };
    for (slots, order) in [(1, [9, 1, 1]), (2, [9, 1, 1]), (3, [9, 8, 1])] {
        let mut queue = Queue::default();
        queue.jobs.extend([job(9), job(8), job(1), job(1), job(7)]);
        let taken = order.map(|_| queue.take_next(slots).unwrap().weight);
        assert_eq!(taken, order, "{slots} slots");
    }
    let mut queue = Queue::default();
    queue.jobs.extend([job(9), job(8)]);
    assert!(queue.take_next(2).is_some());
    assert!(
        queue.take_next(2).is_none(),
        "the other slot is not for jobs that take long"
    );
    assert_eq!((queue.ahead_of(&job(1), 2), queue.ahead_of(&job(8), 2)), (0, 0));
    queue.weight = 20;
    assert_eq!((queue.ahead_of(&job(1), 2), queue.ahead_of(&job(8), 2)), (0, 10));
    queue.slow -= 1;
    assert!(queue.take_next(2).is_some());
}
