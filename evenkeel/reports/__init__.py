"""Reports: what a firm's supervisors, advisers and clients are shown of a period. Pure: frames in, a report out.

Reading a home belongs in `evenkeel.desk.reporting`, pages and files in `evenkeel.desk.report_pages`.
"""
