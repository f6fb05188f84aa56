-- The time zone of a schedule, by its IANA name such as Europe/Berlin. Null for UTC, which is what earlier versions
-- use for every schedule.
ALTER TABLE sources ADD COLUMN schedule_zone TEXT;
