"""The twenty failures, what is expected of each, and the tests that see to it.

A row is answered by tests anywhere; `test_rows.py` looks that each of them is there. New ones are
named ``test_row_NN_...``, so that a row is found by ``pytest -k row_05``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """One failure.

    Parameters
    ----------
    failure, expected
        In words.
    tests
        ``file::function`` below ``tests/``.
    """

    failure: str
    expected: str
    tests: tuple[str, ...]


_RUNS, _EXECUTORS = "faults/test_runs.py", "engine/runs/test_executors.py"
_DAMAGED, _DISK = "faults/test_damaged_files.py", "faults/test_full_disk.py"
_ENVIRONMENT, _WRITERS = "faults/test_environment.py", "faults/test_writers.py"
_FETCH = "archives_server/test_fetch.py"

ROWS: dict[int, Row] = {
    1: Row(
        "a training process is killed",
        "the run is interrupted and resumes; at most one checkpoint is lost; the numbers are "
        "those of an undisturbed run",
        (
            f"{_RUNS}::test_sigkill_is_seen_within_seconds_and_the_run_resumes_to_the_same_numbers",
            "faults/test_map_resume.py::test_the_numbers_are_those_of_an_undisturbed_run",
            "engine/test_training.py::test_resumed_training_equals_the_undisturbed_one",
        ),
    ),
    2: Row(
        "a Dask worker is killed",
        "the same; no second run from zero",
        (
            "cluster/test_cluster.py::"
            "test_lost_workers_cost_nothing_but_what_came_after_the_checkpoint",
            "cluster/test_cluster.py::test_a_process_that_is_killed_under_a_living_worker_is_told",
            "cluster/test_cluster.py::test_a_lost_scheduler_leaves_the_run_waiting_and_says_so",
        ),
    ),
    3: Row(
        "the user stops a run",
        "in less than a second where the job looks, by force after a grace time where it does not",
        (
            f"{_EXECUTORS}::test_a_cooperative_stop_takes_less_than_a_second",
            f"{_RUNS}::test_cancel_ends_a_job_that_ignores_everything",
            f"{_EXECUTORS}::test_a_run_that_waits_its_turn_can_be_cancelled",
        ),
    ),
    4: Row(
        "the dashboard's server is killed",
        "runs go on; the next server shows them as they are",
        (
            "browser/test_runs_survive.py::"
            "test_row_04_five_runs_in_their_true_state_within_seconds",
            f"{_RUNS}::test_a_run_outlives_the_process_that_started_it",
        ),
    ),
    5: Row(
        "the disk is full",
        "a clear error, nothing half written is taken for whole, what was there stays",
        (
            f"{_DISK}::test_row_05_an_ingest",
            f"{_DISK}::test_row_05_a_cube_and_a_checkpoint",
            f"{_DISK}::test_row_05_a_run_in_a_process",
            f"{_DISK}::test_row_05_no_run_is_begun_without_room",
            f"{_DISK}::test_row_05_views_and_selections",
            "faults/test_uploads.py::test_row_05_no_room_for_an_upload_is_a_sentence",
            f"{_RUNS}::test_a_full_disk_is_said_and_the_last_checkpoint_stays",
            "data/tables/test_store.py::test_a_disk_that_fills_up_leaves_nothing",
        ),
    ),
    6: Row(
        "a table, a cube, a checkpoint or a record is damaged",
        "a typed error that names it; no cube of NaN",
        (
            f"{_DAMAGED}::test_row_06_the_record_of_a_run",
            f"{_DAMAGED}::test_row_06_a_record_with_values_of_other_kinds",
            f"{_DAMAGED}::test_row_06_the_events_of_a_run",
            f"{_DAMAGED}::test_row_06_a_checkpoint",
            f"{_DAMAGED}::test_row_06_a_cube",
            f"{_DAMAGED}::test_row_06_the_manifest_of_a_catalogue",
            f"{_DAMAGED}::test_row_06_a_column_of_a_catalogue",
            f"{_DAMAGED}::test_row_06_saved_views",
            f"{_DAMAGED}::test_row_06_kept_selections",
            "data/tables/test_bad_files.py::test_cut_at_any_byte",
            "data/tables/test_bad_files.py::test_any_bytes_overwritten",
            "engine/test_cubes.py::test_missing_or_damaged_chunk_is_found",
            "faults/test_uploads.py::test_row_06_a_reader_that_is_killed_is_told",
        ),
    ),
    7: Row(
        "NaN, infinities, nothing, one value, one star",
        "counted and told; pictures do not fail",
        (
            "faults/test_numbers.py::test_row_07_the_pages_of_stars_are_built",
            "faults/test_numbers.py::test_row_07_every_panel_is_drawn",
            "faults/test_numbers.py::test_row_07_a_population_of_too_few_is_refused_in_words",
            "data/tables/test_bad_files.py::test_every_row_is_kept_or_counted",
        ),
    ),
    8: Row(
        "a hostile pickle as checkpoint, table or session",
        "refused, nothing is executed",
        (
            "engine/test_checkpoint.py::test_hostile_pickle_is_refused_and_not_run",
            "data/tables/test_bad_files.py::test_a_pickle_is_refused_and_not_run",
            "dashboard/test_sharing.py::test_a_bad_file_is_refused",
            "house/test_safety.py::test_nothing_that_is_read_is_executed",
        ),
    ),
    9: Row(
        "names that lead elsewhere, reserved, endless, or alike",
        "refused or made harmless",
        (
            *(
                f"faults/test_names.py::test_row_09_of_{what}"
                for what in ("catalogues", "columns", "runs", "views", "selections", "uploads")
            ),
            "engine/runs/test_launch.py::test_hostile_ids_are_refused",
        ),
    ),
    10: Row(
        "markup in names, messages and logs",
        "inert in the browser",
        (
            "browser/test_hostile.py::test_row_10_every_page_is_inert_and_the_home_unchanged",
            "browser/test_hostile.py::test_row_10_a_hostile_view_opens_or_is_refused",
            "browser/test_hostile.py::test_row_10_a_hostile_address_is_a_sentence",
            "dashboard/test_plain.py::test_no_markup_survives",
        ),
    ),
    11: Row(
        "a selection of all, of none, with a polygon that crosses itself, or across l = 0",
        "the right stars, in bounded time",
        (
            "properties/test_selection.py::"
            "test_polygons_that_cross_themselves_equal_an_exact_count_of_crossings",
            "properties/test_selection.py::test_a_polygon_of_all_stars_and_of_none",
            "data/test_selection_mask.py::test_arcs_run_through_zero_in_every_convention",
            "data/test_selection_mask.py::test_polygons_of_extreme_heights_are_bounded",
        ),
    ),
    12: Row(
        "two users of one run, two writers",
        "the second is refused; sessions share nothing",
        (
            f"{_WRITERS}::test_row_12_two_users_delete_the_same_run",
            f"{_WRITERS}::test_row_12_a_second_writer_is_refused_and_changes_nothing",
            f"{_WRITERS}::test_row_12_many_write_views_and_selections_at_once",
            f"{_WRITERS}::test_row_12_sessions_are_their_own",
            f"{_RUNS}::test_a_second_worker_on_a_run_gives_up",
        ),
    ),
    13: Row(
        "thirty sessions come and go",
        "memory and the number of sessions return; the loop stays free",
        (
            "dashboard/test_session_churn.py::test_every_session_is_freed",
            "dashboard/test_session_churn.py::test_memory_returns_to_its_level",
            "dashboard/test_session_churn.py::test_the_loop_is_free_while_pages_come_and_go",
        ),
    ),
    14: Row(
        "the websocket is gone for ten seconds",
        "the page goes on where it was",
        ("browser/test_reconnect.py::test_row_14_the_page_goes_on_after_ten_seconds_offline",),
    ),
    15: Row(
        "an archive overflows, is too slow, busy, or hangs up",
        "an error that says what to do; the download goes on",
        (
            f"{_FETCH}::test_overflow_is_an_error",
            f"{_FETCH}::test_a_busy_service_is_asked_again_and_then_named",
            f"{_FETCH}::test_a_dropped_connection_is_mended_and_then_named",
            f"{_FETCH}::test_killed_in_the_middle_and_resumed_equals_the_table",
        ),
    ),
    16: Row(
        "the memory of a GPU runs out",
        "the batch is halved; where that is not enough, a clear message, and the run has failed",
        (
            "engine/test_memory.py::"
            "test_the_batch_is_halved_until_it_fits_and_nothing_else_changes",
            f"{_EXECUTORS}::test_a_failure_says_what_and_what_to_do",
        ),
    ),
    17: Row(
        "a document of an earlier version",
        "opens, with what it meant",
        (
            "faults/test_old_documents.py::test_row_17_a_view_opens",
            "faults/test_old_documents.py::test_row_17_a_run_is_listed_and_can_be_resumed",
            "faults/test_old_documents.py::test_row_17_a_kept_selection",
            "faults/test_old_documents.py::test_row_17_what_cannot_be_read_is_said_and_left",
        ),
    ),
    18: Row(
        "the clock jumps, another language, a home that cannot be written",
        "no crash",
        (
            f"{_ENVIRONMENT}::test_row_18_languages_and_zones",
            f"{_ENVIRONMENT}::test_row_18_clocks_that_jump",
            f"{_ENVIRONMENT}::test_row_18_a_jump_while_a_run_is_at_work",
            f"{_ENVIRONMENT}::test_row_18_a_read_only_home_can_be_looked_at",
            "engine/runs/test_record.py::"
            "test_a_launch_that_never_came_is_interrupted_even_if_the_clock_jumped",
        ),
    ),
    19: Row(
        "cubes of another grid, unit or release are compared",
        "refused with a reason",
        (
            "engine/test_compare.py::test_a_shifted_grid_is_refused",
            "engine/test_compare.py::test_other_units_are_refused",
            "engine/test_compare.py::test_a_missing_variable_and_other_dimensions_are_refused",
        ),
    ),
    20: Row(
        "the events of a run grow for days",
        "only their end is read",
        (
            "engine/runs/test_events.py::test_tail_of_a_file_of_days_reads_its_end_only",
            "engine/runs/test_events.py::test_reading_in_steps_gives_every_event_once",
            "engine/runs/test_events.py::test_a_line_without_end_does_not_stall_the_reader",
        ),
    ),
}
