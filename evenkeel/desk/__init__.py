"""The desk: what people read and what they may say to it.

`task_list` is the documented shape of an alert, `render_*` show it as text, CSV and a page, `words` says codes and figures in words.
Nothing here computes an alert; that is the stages' work.
"""
