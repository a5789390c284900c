//! Fields that are lists of texts.

use serde_json::Value;

use super::Fields;
use crate::api::error::IssueCode;

impl Fields {
    /// The first `most` texts of an optional list that only hints. Anything else in it is ignored.
    pub fn hints(&self, name: &str, most: usize) -> Vec<String> {
        let list = self.values.get(name).and_then(Value::as_array).into_iter().flatten();
        list.take(most).filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// An optional list of at most `most` texts.
    pub fn optional_texts(&mut self, name: &str, most: usize) -> Option<Vec<String>> {
        let list = match self.values.get(name) {
            None | Some(Value::Null) => return None,
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.add_issue(name, IssueCode::InvalidType, "Must be a list of strings");
                return None;
            }
        };
        if list.len() > most {
            self.add_issue(name, IssueCode::TooLong, format!("Must have at most {most} entries"));
            return None;
        }
        let texts: Option<Vec<_>> = list.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        if texts.is_none() {
            self.add_issue(name, IssueCode::InvalidType, "Must be a list of strings");
        }
        texts
    }
}
