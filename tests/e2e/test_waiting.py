from benchmarks.speed import page


def test_the_wait_for_the_page_is_measured_on_a_server_of_its_own(browser):
    waits = page.wait(browser)
    assert 0 < waits.server < 60
    assert 0 < waits.first < 60
    assert 0 < waits.second < 60
