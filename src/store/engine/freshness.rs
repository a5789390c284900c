//! Tells whether something that was read from the database still holds, without asking the database.
//!
//! Changes are numbered, and for every account there is the number of its last change. A reader takes the number of the
//! last change first, as a [`Stamp`]. What it read holds while the account's number is not later than that stamp. So a
//! change has nothing to find and remove, and a reader that a change overtook can't keep what it read.
//!
//! [`super::Tx::commit`] notes the changes of this process before its caller can answer. [`super::watch`] notes those
//! of other processes, and confirms how long ago it last knew of them all: [`TRUST`] after that, nothing holds any
//! more.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::model::id::UserId;

/// Accounts share these places, by their random ids. A change makes the sessions of one account in 65,536 be read again
/// without need.
const PLACES: usize = 1 << 16;
/// How long silence means that other processes changed nothing. Their changes must be known within a second.
const TRUST: Duration = Duration::from_millis(900);

/// A number of the last change: what was read after it was taken has seen that change, and perhaps later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

/// What is known of changes in one database.
#[derive(Debug)]
pub struct Freshness {
    /// The number of the last change.
    last: AtomicU64,
    /// The number of the last change that may have concerned every account.
    last_of_all: AtomicU64,
    /// The number of the last change of the accounts that share a place.
    last_of_users: Box<[AtomicU64]>,
    /// Number of commits whose outcome is unknown.
    doubts: AtomicU64,
    /// How many of those the watch has cleared up since.
    dispelled: AtomicU64,
    start: Instant,
    /// Milliseconds after `start`.
    trusted_until: AtomicU64,
}

/// The moment at which the watch asked whether other processes had changed anything.
#[derive(Debug)]
pub struct Question {
    asked_at: Instant,
    doubts: u64,
}

/// A commit under way. Dropped before the database has answered, it leaves in doubt whether its changes happened.
#[derive(Debug)]
pub struct Unsettled<'f> {
    freshness: &'f Freshness,
    changed: Vec<UserId>,
}

impl Default for Freshness {
    /// Trusts nothing before the first confirmation.
    fn default() -> Self {
        Self {
            last: AtomicU64::new(0),
            last_of_all: AtomicU64::new(0),
            last_of_users: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            doubts: AtomicU64::new(0),
            dispelled: AtomicU64::new(0),
            start: Instant::now(),
            trusted_until: AtomicU64::new(0),
        }
    }
}

impl Freshness {
    /// Take this before reading what is to be remembered.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.last.load(SeqCst))
    }

    /// Whether the state of `user` that was read after `stamp` still holds.
    #[must_use]
    pub fn holds(&self, stamp: Stamp, user: UserId) -> bool {
        self.is_trusted() && self.last_of(user).load(SeqCst) <= stamp.0 && self.last_of_all.load(SeqCst) <= stamp.0
    }

    /// Whether anything can hold now: the watch works, and no commit is in doubt.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.doubts.load(SeqCst) == self.dispelled.load(SeqCst)
            && self.start.elapsed() < Duration::from_millis(self.trusted_until.load(SeqCst))
    }

    /// Nothing that was read of `user` before holds any more.
    pub(in crate::store) fn user_changed(&self, user: UserId) {
        self.last_of(user).fetch_max(self.next(), SeqCst);
    }

    /// Nothing that was read before holds any more.
    pub(in crate::store) fn everything_changed(&self) {
        self.last_of_all.fetch_max(self.next(), SeqCst);
    }

    /// Call this before the COMMIT, and [`Unsettled::settle`] after it.
    pub(in crate::store) fn committing(&self, changed: Vec<UserId>) -> Unsettled<'_> {
        Unsettled {
            freshness: self,
            changed,
        }
    }

    /// Call this before asking the database for changes of other processes.
    pub(in crate::store) fn ask(&self) -> Question {
        Question {
            asked_at: Instant::now(),
            doubts: self.doubts.load(SeqCst),
        }
    }

    /// Every change of another process that was visible when `question` was asked has been noted.
    pub(in crate::store) fn confirm(&self, question: &Question) {
        // Whether or not a commit in doubt happened: what was read before is read again.
        if self.dispelled.load(SeqCst) < question.doubts {
            self.everything_changed();
            self.dispelled.fetch_max(question.doubts, SeqCst);
        }
        let until = question.asked_at + TRUST - self.start;
        self.trusted_until
            .fetch_max(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), SeqCst);
    }

    /// Trusts nothing until the next confirmation.
    pub(in crate::store) fn distrust(&self) {
        self.trusted_until.store(0, SeqCst);
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, SeqCst) + 1
    }

    fn last_of(&self, user: UserId) -> &AtomicU64 {
        // The last bits of a UUIDv7 are random.
        let [.., high, low] = *user.0.as_bytes();
        &self.last_of_users[usize::from(u16::from_be_bytes([high, low])) % PLACES]
    }
}

impl Unsettled<'_> {
    /// The commit has succeeded: every later read sees its changes.
    pub(in crate::store) fn settle(mut self) {
        for user in std::mem::take(&mut self.changed) {
            self.freshness.user_changed(user);
        }
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if !self.changed.is_empty() {
            self.freshness.doubts.fetch_add(1, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn trusted() -> Freshness {
        let freshness = Freshness::default();
        freshness.confirm(&freshness.ask());
        freshness
    }

    #[test]
    fn what_was_read_before_a_change_of_its_user_holds_no_longer() {
        let freshness = trusted();
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let before = freshness.stamp();
        assert!(freshness.holds(before, user));
        freshness.user_changed(user);
        assert!(!freshness.holds(before, user));
        assert!(freshness.holds(before, other));
        let after = freshness.stamp();
        assert!(freshness.holds(after, user));
        freshness.everything_changed();
        assert!(!freshness.holds(after, user) && !freshness.holds(after, other));
    }

    #[test]
    fn nothing_holds_before_the_first_confirmation_and_after_a_loss() {
        let freshness = Freshness::default();
        let user = UserId(Uuid::from_u128(1));
        assert!(!freshness.holds(freshness.stamp(), user));
        freshness.confirm(&freshness.ask());
        assert!(freshness.holds(freshness.stamp(), user));
        freshness.distrust();
        assert!(!freshness.holds(freshness.stamp(), user));
    }

    #[test]
    fn a_confirmation_of_an_old_question_trusts_nothing() {
        let freshness = Freshness::default();
        let question = Question {
            asked_at: freshness.start,
            doubts: 0,
        };
        std::thread::sleep(TRUST);
        freshness.confirm(&question);
        assert!(!freshness.is_trusted());
    }

    #[test]
    fn a_commit_without_an_answer_leaves_everything_in_doubt_until_the_next_question() {
        let freshness = trusted();
        let user = UserId(Uuid::from_u128(1));
        let (asked_before, before) = (freshness.ask(), freshness.stamp());
        drop(freshness.committing(vec![user]));
        assert!(!freshness.is_trusted());
        freshness.confirm(&asked_before);
        assert!(!freshness.is_trusted(), "it was asked before the commit");
        freshness.confirm(&freshness.ask());
        assert!(freshness.is_trusted() && !freshness.holds(before, user));
        drop(freshness.committing(Vec::new()));
        assert!(freshness.is_trusted(), "nothing was at stake");
    }

    #[test]
    fn a_settled_commit_ends_what_was_read_of_its_accounts_alone() {
        let freshness = trusted();
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let before = freshness.stamp();
        freshness.committing(vec![user]).settle();
        assert!(!freshness.holds(before, user) && freshness.holds(before, other));
    }
}
