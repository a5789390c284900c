//! What `neptun-auth doctor` finds, and the rules by which browsers keep or drop the session cookie.

pub mod arrival;
pub mod cookie;
pub mod front_end;

/// One thing that was looked at. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A name that stays, for scripts.
    pub id: &'static str,
    pub level: Level,
    pub says: String,
    /// The setting to look at, by the name of its variable without `NEPTUN_AUTH_`.
    pub setting: Option<String>,
    /// What the setting is, or what was found.
    pub value: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// It works, but not everywhere or not for long.
    Warn,
    /// It can't work.
    Fail,
}

impl Level {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    #[must_use]
    pub fn ok(id: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, Level::Ok, says)
    }

    #[must_use]
    pub fn warn(id: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, Level::Warn, says)
    }

    #[must_use]
    pub fn fail(id: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, Level::Fail, says)
    }

    fn new(id: &'static str, level: Level, says: impl Into<String>) -> Self {
        Self {
            id,
            level,
            says: says.into(),
            setting: None,
            value: None,
        }
    }

    /// Names the setting to look at, and its value.
    #[must_use]
    pub fn of(self, setting: &str, value: impl Into<String>) -> Self {
        self.about(setting).with(value)
    }

    /// Names the setting to look at.
    #[must_use]
    pub fn about(self, setting: &str) -> Self {
        Self {
            setting: Some(setting.to_owned()),
            ..self
        }
    }

    /// Shows a value that no setting has.
    #[must_use]
    pub fn with(self, value: impl Into<String>) -> Self {
        Self {
            value: Some(value.into()),
            ..self
        }
    }
}
