//! What search engines ask for: `robots.txt` and the sitemaps. Both name only public catalogs that an admin allowed to
//! be listed.

pub(super) mod robots;
pub(super) mod sitemap_index;
pub(super) mod sitemap_part;
mod xml_document;
