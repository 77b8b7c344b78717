@rem Windows Task Scheduler. Set "If the task fails, restart every 10 minutes" in its settings: a
@rem retry goes on with what is open and never sends a row twice. The login and its password stand
@rem for the task's user in config.toml and in the system's keyring (password_keyring = true).
schtasks /Create /TN orderbatch /SC WEEKLY /D MON,TUE,WED,THU,FRI /ST 16:30 /TR "C:\orderbatch\Scripts\orderbatch.exe submit C:\eod\orders.csv --yes --run {date} --log-file C:\eod\run.log"
