-- Its rows go with their player. A publication for all tables refuses that where nothing identifies a row.
alter table quiz.xp_event replica identity full;
