//! Whether something that was read from the database still holds, without asking the database.
//!
//! Changes are numbered. Who reads takes the number of the last change first, as a [`Stamp`]; for every user there is the
//! number of the last change that concerned them. What was read holds while that is not later than its stamp. So nothing
//! has to be looked for and removed when something changes, and a reader that a change overtook can't keep what it read.
//!
//! Changes of this process are noted by [`super::Tx::commit`], before its caller can answer. Those of other processes come
//! through [`super::watch`], which says how long ago it last knew of them all: after [`TRUST`] nothing holds any more.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::model::id::UserId;

/// Users share these, by their random ids: a change makes the others of its place be read again, one in so many.
const PLACES: usize = 1 << 16;
/// How long nothing heard of other processes means that they did nothing. They must be known of within a second.
const TRUST: Duration = Duration::from_millis(900);

/// The state of the database that something was read from, or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

/// What is known of changes in one database.
#[derive(Debug)]
pub struct Freshness {
    last: AtomicU64,
    last_of_all: AtomicU64,
    last_of_users: Box<[AtomicU64]>,
    /// Commits of which nobody knows whether they happened, and how many of those the watch has put an end to.
    doubts: AtomicU64,
    dispelled: AtomicU64,
    start: Instant,
    /// Milliseconds after `start`.
    trusted_until: AtomicU64,
}

/// When the watch asked whether other processes had changed anything.
#[derive(Debug)]
pub struct Question {
    asked_at: Instant,
    doubts: u64,
}

/// A commit under way. Dropped before the database has answered, it leaves everything in doubt.
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
    /// To be taken before reading what is to be kept.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.last.load(SeqCst))
    }

    /// Whether what was read of `user` after `stamp` was taken is still so.
    #[must_use]
    pub fn holds(&self, stamp: Stamp, user: UserId) -> bool {
        self.is_trusted() && self.last_of(user).load(SeqCst) <= stamp.0 && self.last_of_all.load(SeqCst) <= stamp.0
    }

    /// Whether anything can hold now: the watch works.
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

    pub(in crate::store) fn committing(&self, changed: Vec<UserId>) -> Unsettled<'_> {
        Unsettled {
            freshness: self,
            changed,
        }
    }

    pub(in crate::store) fn ask(&self) -> Question {
        Question {
            asked_at: Instant::now(),
            doubts: self.doubts.load(SeqCst),
        }
    }

    /// Every change of another process that was visible when `question` was asked has been noted.
    pub(in crate::store) fn confirm(&self, question: &Question) {
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
    /// The commit has succeeded: its changes are visible to whoever reads from now on.
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
    fn an_old_confirmation_is_worth_nothing() {
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
    fn a_settled_commit_costs_its_users_alone_what_was_read() {
        let freshness = trusted();
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let before = freshness.stamp();
        freshness.committing(vec![user]).settle();
        assert!(!freshness.holds(before, user) && freshness.holds(before, other));
    }
}
