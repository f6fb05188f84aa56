//! `lockstep source update`: changes how a catalog presents itself.

use clap::Args;

use super::output::{CommandError, CommandExit, find_source, print_note};
use super::public_page_flags::PublicPageChanges;
use crate::app::App;
use crate::domain::source::Slug;

/// The arguments of `source update`.
#[derive(Args)]
pub(super) struct SourceUpdateArgs {
    /// Slug of the source, such as albums
    slug: Slug,
    #[command(flatten)]
    page: PublicPageChanges,
}

/// Saves what the flags change.
pub(super) fn run(app: &App, args: &SourceUpdateArgs) -> Result<CommandExit, CommandError> {
    let source = find_source(&app.store, &args.slug)?;
    let page = args.page.apply(source.page.clone())?;
    let slug = &source.slug;
    if page == source.page {
        print_note(&format!("Nothing to change: {slug} is set up this way already."));
        return Ok(CommandExit::Success);
    }
    if !app.store.set_public_page(source.id, &page)? {
        return Err(CommandError::usage(format!("the source {slug} was removed in the meantime.")));
    }
    print_note(&format!("Updated {slug}."));
    if args.page.needs_public_catalog() && !source.public {
        print_note("The catalog is private. Search engines and other sites see it once it is public.");
    }
    Ok(CommandExit::Success)
}
