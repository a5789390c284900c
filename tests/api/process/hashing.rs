//! The hashing threads of the real binary.

use std::fs;

use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

/// Name and nice value of each thread.
fn threads(pid: u32) -> Vec<(String, i32)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    // A thread may end while the list is read.
    let stats = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
    let read = |stat: String| {
        let (before, fields) = stat.rsplit_once(") ").unwrap();
        let name = before.split_once(" (").unwrap().1.to_owned();
        (name, fields.split(' ').nth(16).unwrap().parse().unwrap())
    };
    stats.map(read).collect()
}

#[tokio::test]
async fn hash_slots_sets_the_number_of_hashing_threads_and_they_yield_to_all_others() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_HASH_SLOTS", "3")]);
    let (hashing, others): (Vec<_>, Vec<_>) = threads(binary.pid())
        .into_iter()
        .partition(|(name, _)| name.starts_with("hash-"));
    assert_eq!(hashing.len(), 3, "{hashing:?} {others:?}");
    let usual = others.iter().find(|(name, _)| name == "neptun-auth").unwrap().1;
    assert!(
        hashing.iter().all(|(_, nice)| *nice == (usual + 10).min(19)),
        "{hashing:?} {others:?}"
    );
    assert!(others.iter().all(|(_, nice)| *nice == usual), "{others:?}");
}
