-- How the catalog is shown to readers who chose nothing else: the parameters of an address, such as
-- `fields=title%2Cyear&sort=-year`. Null for the usual columns and order.
ALTER TABLE catalogs ADD COLUMN default_view TEXT;
