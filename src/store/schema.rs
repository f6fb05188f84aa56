//! The tables of both databases. Written by hand, because one schema serves two sets of migrations.
#![allow(missing_docs, reason = "the columns are explained in the migrations")]

diesel::table! {
    sources (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        noun_one -> Text,
        noun_many -> Text,
        kind -> Text,
        location -> Text,
        key_column -> Text,
        schedule -> Nullable<Text>,
        schedule_zone -> Nullable<Text>,
        public -> Bool,
        read_options -> Text,
        next_run_at -> Nullable<Timestamp>,
        paused_at -> Nullable<Timestamp>,
        stale_after -> Nullable<BigInt>,
        schedule_since -> Nullable<Timestamp>,
        public_since -> Nullable<Timestamp>,
        page_title -> Nullable<Text>,
        page_description -> Text,
        is_indexed -> Bool,
        frame_hosts -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    catalogs (source_id) {
        source_id -> BigInt,
        #[sql_name = "columns"]
        column_names -> Text,
        validators -> Text,
        item_count -> BigInt,
        settled_count -> Nullable<BigInt>,
        settled_at -> Nullable<Timestamp>,
        settled_columns -> Text,
        settled_types -> Text,
        last_success_at -> Nullable<Timestamp>,
        last_success_id -> Nullable<Text>,
        feeds -> Text,
        column_types -> Text,
        feed_count -> BigInt,
        feeds_failing -> BigInt,
        feeds_silent_until -> Nullable<Timestamp>,
        columns_by -> Nullable<Text>,
        retry_at -> Nullable<Timestamp>,
        retry_number -> Nullable<Integer>,
        retry_run -> Nullable<Text>,
        last_deleted_change -> BigInt,
        default_view -> Nullable<Text>,
    }
}

diesel::table! {
    column_layouts (number) {
        number -> BigInt,
        source_id -> BigInt,
        #[sql_name = "columns"]
        column_names -> Text,
        unused_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    run_numbers (number) {
        number -> BigInt,
        sync_id -> Text,
        source_id -> BigInt,
        unused_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    items (id) {
        id -> BigInt,
        source_id -> BigInt,
        key -> Text,
        fields -> Text,
        hash -> Binary,
        search_text -> Text,
        added_at -> Timestamp,
        changed_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
        added_by -> Text,
        changed_by -> Text,
    }
}

diesel::table! {
    sync_operations (id) {
        id -> Text,
        source_id -> BigInt,
        kind -> Text,
        mode -> Text,
        options -> Text,
        priority -> Integer,
        status -> Text,
        stage -> Nullable<Text>,
        message -> Text,
        progress -> Integer,
        items_processed -> BigInt,
        items_total -> BigInt,
        stats -> Text,
        batches -> BigInt,
        error -> Nullable<Text>,
        code -> Nullable<Text>,
        requested_by -> Text,
        attempt -> Integer,
        retry_of -> Nullable<Text>,
        cancel_requested -> Bool,
        worker -> Nullable<Text>,
        token -> Nullable<BigInt>,
        lease_until -> Nullable<BigInt>,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        processing_at -> Nullable<Timestamp>,
        finalizing_at -> Nullable<Timestamp>,
        last_update -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sync_records (id) {
        id -> Text,
        source_id -> BigInt,
        source -> Text,
        kind -> Text,
        mode -> Text,
        status -> Text,
        message -> Text,
        progress -> Integer,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        processing_at -> Nullable<Timestamp>,
        finalizing_at -> Nullable<Timestamp>,
        finished_at -> Timestamp,
        stats -> Text,
        error -> Nullable<Text>,
        code -> Nullable<Text>,
        requested_by -> Text,
        attempt -> Integer,
        retry_of -> Nullable<Text>,
        successor -> Nullable<Text>,
        issues -> BigInt,
        withheld_removals -> BigInt,
        stage -> Nullable<Text>,
        read_table -> Nullable<Text>,
        target -> Nullable<Text>,
        changes_digest -> Nullable<Text>,
        review -> Nullable<Text>,
        retries_before -> Nullable<Integer>,
        retry_at -> Nullable<Timestamp>,
        options -> Nullable<Text>,
    }
}

diesel::table! {
    sync_issues (id) {
        id -> BigInt,
        sync_id -> Text,
        row_number -> Nullable<BigInt>,
        column_name -> Nullable<Text>,
        kind -> Text,
        reason -> Text,
        cells -> Nullable<Text>,
    }
}

diesel::table! {
    item_changes (id) {
        id -> BigInt,
        sync_id -> Text,
        source_id -> BigInt,
        key -> Text,
        kind -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        search_text -> Nullable<Text>,
    }
}

diesel::table! {
    added_spans (sync_id, earlier) {
        sync_id -> Text,
        earlier -> BigInt,
        item_count -> BigInt,
        first_item -> BigInt,
        last_item -> BigInt,
    }
}

diesel::table! {
    column_snapshots (sync_id) {
        sync_id -> Text,
        source_id -> BigInt,
        #[sql_name = "columns"]
        column_names -> Text,
        column_types -> Text,
    }
}

diesel::table! {
    settled_changes (sync_id) {
        sync_id -> Text,
        source_id -> BigInt,
        delta -> BigInt,
    }
}

diesel::table! {
    removal_reviews (sync_id) {
        sync_id -> Text,
        source_id -> BigInt,
        reason -> Text,
        digest -> Text,
        item_count -> BigInt,
        additions -> BigInt,
        kept_at -> Nullable<Timestamp>,
        kept_by -> Nullable<Text>,
        kept_list -> Nullable<Text>,
    }
}

diesel::table! {
    withheld_items (sync_id, key) {
        sync_id -> Text,
        source_id -> BigInt,
        key -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> Timestamp,
        last_active_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        expires_at -> Timestamp,
        created_at -> Nullable<Timestamp>,
        user_agent -> Nullable<Text>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    login_attempts (id) {
        id -> Text,
        account -> Text,
        network -> Text,
        attempted_at -> Timestamp,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> Text,
        at -> Timestamp,
        actor -> Text,
        channel -> Text,
        address -> Nullable<Text>,
        action -> Text,
        subject -> Text,
        detail -> Nullable<Text>,
        sync_id -> Nullable<Text>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        name -> Text,
        role -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        source_id -> Nullable<BigInt>,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    #[sql_name = "house_facts"]
    installation_facts (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::joinable!(catalogs -> sources (source_id));
diesel::joinable!(sync_operations -> sources (source_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(api_tokens -> sources (source_id));
diesel::allow_tables_to_appear_in_same_query!(sources, catalogs, items, sync_operations, sync_records, removal_reviews);
diesel::allow_tables_to_appear_in_same_query!(items, item_changes, withheld_items);
diesel::allow_tables_to_appear_in_same_query!(users, sessions);
diesel::allow_tables_to_appear_in_same_query!(api_tokens, sources);
diesel::allow_tables_to_appear_in_same_query!(sync_records, withheld_items);
diesel::allow_tables_to_appear_in_same_query!(sync_records, sync_issues, item_changes, added_spans);
