//! What others have recorded, in the folder that `PHASEGATE_REAL_DATA` names.

use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A file of that folder.
#[expect(clippy::disallowed_methods, reason = "this says where the data lies")]
pub(crate) fn file(path: &str) -> Vec<u8> {
    let data = std::env::var("PHASEGATE_REAL_DATA").expect("PHASEGATE_REAL_DATA names a folder");
    std::fs::read(PathBuf::from(data).join(path)).expect("the file is there")
}

/// The rows of a table of that folder.
pub(crate) fn rows<T: DeserializeOwned>(path: &str) -> Vec<T> {
    let file = file(path);
    let rows: Result<_, _> = csv::Reader::from_reader(&file[..]).deserialize().collect();
    rows.expect("every row has the expected columns")
}
