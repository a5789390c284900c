//! No two files of a room import each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, sources};

type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let graph = graph(&sources());
    assert!(graph.len() > 100, "only {} files were found", graph.len());
    for start in graph.keys() {
        if let Some(circle) = path_back(&graph, start) {
            panic!("a circle of imports: {}", circle.join(" -> "));
        }
    }
}

#[test]
fn a_circle_is_found() {
    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let graph = Graph::from([edge("a", "b"), edge("b", "c"), edge("c", "b")]);
    assert_eq!(path_back(&graph, "a"), None);
    assert_eq!(path_back(&graph, "b").unwrap(), ["b", "c", "b"]);
}

/// Which file imports which. A folder's `mod.rs` is made of the files beneath it, so its own imports of them are left out:
/// they import from it what all of them share.
fn graph(sources: &[Source]) -> Graph {
    let modules: BTreeMap<Vec<String>, &str> = sources
        .iter()
        .map(|source| (source.module(), source.place.as_str()))
        .collect();
    let mut graph = Graph::new();
    for source in sources {
        let own = source.module();
        let imported = source.imports().into_iter().filter_map(|path| {
            let longest = (1..=path.len()).rev().map(|length| &path[..length]);
            let module = longest.into_iter().find(|prefix| modules.contains_key(*prefix))?;
            let is_beneath = source.place.ends_with("/mod") && module.starts_with(&own);
            (!is_beneath && module != own).then(|| modules[module].to_owned())
        });
        graph.insert(source.place.clone(), imported.collect());
    }
    graph
}

/// The shortest way from `start` back to it, if there is one.
fn path_back(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = (!ways.is_empty()).then(|| ways.remove(0)) {
        for next in graph.get(way.last()?).into_iter().flatten() {
            let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}
