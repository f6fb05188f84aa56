//! The errors of the index.

use std::io;
use std::sync::Arc;

use crate::domain::catalog_query::cell_test::FilterError;
use crate::store::StoreError;

/// Why a query could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A temporary file could not be written or read: the disk is full, for instance.
    #[error("the temporary files of the index cannot be used: {0}")]
    Storage(#[from] io::Error),
    /// The build of the index failed; all readers that waited for it get the reason.
    #[error(transparent)]
    Build(Arc<IndexError>),
    /// A filter or an order names no column of the catalog.
    #[error("“{0}” is not a column of this catalog.")]
    UnknownColumn(String),
    /// A filter does not fit its column.
    #[error(transparent)]
    Filter(#[from] FilterError),
}
