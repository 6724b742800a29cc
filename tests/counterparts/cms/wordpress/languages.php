<?php
// Stands in for the part of Polylang's and of WPML's public functions that tell-dispatch.php asks; which of them, an option says.
add_action('init', function () {
    register_setting('reading', 'languages_by', array('show_in_rest' => true, 'type' => 'string', 'default' => ''));
    foreach (array('language' => 'string', 'translation_of' => 'integer') as $name => $type) {
        register_post_meta('post', $name, array('show_in_rest' => true, 'single' => true, 'type' => $type));
    }
});

function translations_of_tests($number)
{
    $first = (int) get_post_meta($number, 'translation_of', true) ?: $number;
    $others = get_posts(array('meta_key' => 'translation_of', 'meta_value' => $first, 'fields' => 'ids', 'post_status' => 'any', 'numberposts' => -1));
    return array_merge(array($first), $others);
}

if ('polylang' === get_option('languages_by')) {
    function pll_get_post_language($number)
    {
        return get_post_meta($number, 'language', true) ?: false;
    }

    function pll_get_post_translations($number)
    {
        $found = array();
        foreach (translations_of_tests($number) as $one) {
            $found[pll_get_post_language($one)] = $one;
        }
        return $found;
    }
}

if ('wpml' === get_option('languages_by')) {
    add_filter('wpml_element_language_details', function ($nothing, $asked) {
        return (object) array('language_code' => get_post_meta($asked['element_id'], 'language', true));
    }, 10, 2);
    add_filter('wpml_element_trid', function ($nothing, $number) {
        return 1000 + min(translations_of_tests($number));
    }, 10, 2);
    add_filter('wpml_get_element_translations', function ($nothing, $group) {
        return array_map(function ($number) {
            return (object) array('element_id' => (string) $number);
        }, translations_of_tests($group - 1000));
    }, 10, 2);
}
